/**
 * Node's http module, without its facade for ES modules: that one touches every export, and so loads the whole fetch and
 * WebSocket implementation that the agent never uses (5 MB of private memory).
 */
export const { createServer, get, request } = process.getBuiltinModule('node:http')
