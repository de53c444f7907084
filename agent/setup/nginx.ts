import { ledgerPath } from '../publish/log-address.ts'

/** The text of nginx' listeners. Names in it have passed names.ts; paths are the kit's own. */

export interface Ports {
  http: number
  plain: number
  server: number
  dashboard: number
}

export interface Sites {
  ports: Ports
  /** Without `.local`. */
  hostname: string
  serverName: string | null
  /** Files with key and certificate. */
  kitCertificate: string
  serverCertificate: string
  plainRoot: string
  /** Content-Security-Policy of the plain page. */
  plainPolicy: string
  startingRoot: string
  startingPolicy: string
  snacSocket: string
  dashboardSocket: string
  /** The agent's, for the public log. */
  publishSocket: string
}

const header = '# Written by the kit from its name and certificates; changes here are lost.\n'

/** Slow and greedy clients give their place back. */
const patience = `client_header_timeout 15s;
  client_body_timeout 30s;
  send_timeout 30s;`

/** Port 8081, where the firewall sends what the home asks at port 80: one page without a form. */
export function plainListener(sites: Sites): string {
  const { ports, serverName, plainRoot, plainPolicy } = sites
  const named = `
server {
  ${listen(ports.plain)}
  server_name ${serverName};
  return 301 https://${serverName}$request_uri;
}
`
  return `${header}server {
  ${listen(ports.plain, 'default_server')}
  root ${plainRoot};
  absolute_redirect off;
  client_max_body_size 1k;
  ${patience}
  add_header Cache-Control no-store always;
  ${staticHeaders(plainPolicy)}
  error_page 403 404 405 413 /index.html;

  location = / {
    try_files /index.html =404;
  }
  location = /index.html {
  }
  location = /ca.crt {
    types {}
    default_type application/x-x509-ca-cert;
    add_header Content-Disposition 'attachment; filename="${sites.hostname}.crt"';
    add_header Cache-Control no-store;
    add_header X-Content-Type-Options nosniff;
  }
  # For who came by an address because the name is not found.
  location = /dashboard {
    return 302 https://$host:${ports.dashboard}/;
  }
  location / {
    return 404;
  }
}
${serverName === null ? '' : named}`
}

/** Port 8443: the dashboard, which checks by itself which host it was called by. */
export function dashboardListener(sites: Sites): string {
  const { ports, kitCertificate, dashboardSocket } = sites
  return `${header}${dashboardLimit}
server {
  ${listen(ports.dashboard, 'ssl default_server')}
  ${certificate(kitCertificate)}
  client_max_body_size 64k;
  ${patience}
  limit_conn dashboard 80;
  limit_conn_status 429;
  # Plain HTTP by mistake.
  error_page 497 =301 https://$http_host$request_uri;

  location / {
    proxy_pass http://unix:${dashboardSocket};
    proxy_http_version 1.1;
    ${proxyHeaders}
    # Live figures are passed on as they come, one every few seconds.
    proxy_buffering off;
    proxy_connect_timeout 10s;
    proxy_read_timeout 240s;
    error_page 502 504 =503 @starting;
  }
  ${startingLocation(sites)}
}
`
}

/** Where a program behind nginx does not answer yet: a page that tries again by itself, and says nothing of the home. */
function startingLocation({ startingRoot, startingPolicy }: Sites): string {
  return `location @starting {
    internal;
    root ${startingRoot};
    rewrite ^ /index.html break;
    add_header Cache-Control no-store always;
    add_header Retry-After 3 always;
    ${staticHeaders(startingPolicy)}
  }`
}

/** Port 443, and port 80 for the way to it: the Fediverse server under its names and no other. */
export function serverListeners(sites: Sites): string {
  return header + (sites.serverName === null ? trialServer(sites) : namedServer(sites, sites.serverName))
}

/**
 * A trial, reached from the home only: HOST.local, localhost, and addresses, which browsers send without a name (SNI). The
 * last server takes every other name and refuses it in the handshake.
 */
function trialServer(sites: Sites): string {
  const { ports, hostname, kitCertificate } = sites
  return `${limit}
server {
  ${listen(ports.server, 'ssl default_server')}
  server_name ${hostname}.local localhost "~^[0-9.]+$" "~^\\[[0-9a-f:.]+\\]$";
  ${certificate(kitCertificate)}
  ${snacLocations(sites)}
}
server {
  ${listen(ports.server, 'ssl')}
  server_name "~.";
  ssl_reject_handshake on;
  return 421;
}
`
}

/** The permanent name, reached from everywhere; without it, or with another, there is no handshake. */
function namedServer(sites: Sites, name: string): string {
  const { ports, serverCertificate } = sites
  return `${limit}
${ledgerLimit}
server {
  ${listen(ports.server, 'ssl default_server')}
  ssl_reject_handshake on;
  return 421;
}
server {
  ${listen(ports.server, 'ssl')}
  server_name ${name};
  ${certificate(serverCertificate)}
  ${snacLocations(sites)}
  ${ledgerLocations(sites)}
}
server {
  ${listen(ports.http, 'default_server')}
  ${patience}
  return 444;
}
server {
  ${listen(ports.http)}
  server_name ${name};
  ${patience}
  return 301 https://${name}$request_uri;
}
`
}

const limit = 'limit_conn_zone $binary_remote_addr zone=server:1m;'
/** Requests that wait, such as those who guess the claim code, must leave most of nginx' 512 connections to others. */
const dashboardLimit = 'limit_conn_zone $binary_remote_addr zone=dashboard:1m;'
/** Nobody needs more than the few files of a log, once in a while. */
const ledgerLimit = 'limit_req_zone $binary_remote_addr zone=ledger:1m rate=1r/s;'

function snacLocations(sites: Sites): string {
  // snac keeps a whole upload in memory: what is allowed here must fit a kit with 512 MB several times.
  return `client_max_body_size 16m;
  ${patience}
  limit_conn server 48;
  error_page 497 =301 https://$host$request_uri;

  location / {
    ${snacProxy(sites)}
  }
  ${startingLocation(sites)}`
}

function snacProxy({ snacSocket }: Sites): string {
  return `proxy_pass http://unix:${snacSocket};
    proxy_http_version 1.1;
    ${proxyHeaders}
    # snac knows no cookies: whatever a browser holds for this name is not its business.
    proxy_set_header Cookie "";
    proxy_connect_timeout 10s;
    proxy_read_timeout 90s;
    proxy_max_temp_file_size 0;
    error_page 502 504 =503 @starting;`
}

/**
 * The public log, from the agent, which gives up to a share of the budget. NodeInfo goes by the agent as well, which adds
 * where the log is; where it has nothing to add or does not answer, the server itself is asked.
 */
function ledgerLocations(sites: Sites): string {
  return `location ^~ ${ledgerPath} {
    limit_req zone=ledger burst=40 nodelay;
    limit_req_status 429;
    limit_req_log_level info;
    client_max_body_size 1k;
    send_timeout 10s;
    ${agentProxy(sites)}
    error_page 502 504 =503 @no-ledger;
  }
  location @no-ledger {
    internal;
    default_type text/plain;
    add_header Retry-After 600 always;
    return 503 "The log does not answer at the moment.\\n";
  }
  location ~ ^/(?:nodeinfo_2_[01]|\\.well-known/nodeinfo)$ {
    ${agentProxy(sites)}
    proxy_intercept_errors on;
    recursive_error_pages on;
    error_page 404 405 429 500 502 503 504 = @server;
  }
  location @server {
    ${snacProxy(sites)}
  }`
}

/** What visitors send is not passed on, but for what they ask for; X-Visit tells what their connection cost. */
function agentProxy({ publishSocket }: Sites): string {
  return `access_log off;
    proxy_pass http://unix:${publishSocket};
    proxy_http_version 1.1;
    proxy_pass_request_headers off;
    proxy_pass_request_body off;
    proxy_set_header Host $http_host;
    proxy_set_header Content-Length "";
    proxy_set_header Connection "";
    proxy_set_header X-Visit "$connection_requests $ssl_session_reused $request_length";
    proxy_connect_timeout 2s;
    proxy_read_timeout 5s;`
}

/** The address of the peer alone: who appends to what a client sent lets it choose whose logins are slowed. */
const proxyHeaders = `proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header Connection "";
    proxy_set_header Proxy "";`

function staticHeaders(policy: string): string {
  return `add_header Content-Security-Policy "${policy}" always;
  add_header X-Content-Type-Options nosniff always;
  add_header Referrer-Policy no-referrer always;`
}

function certificate(file: string): string {
  return `ssl_certificate ${file};
  ssl_certificate_key ${file};`
}

function listen(port: number, options = ''): string {
  const rest = options === '' ? '' : ` ${options}`
  return `listen ${port}${rest};
  listen [::]:${port}${rest};`
}
