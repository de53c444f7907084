export {
  type Disk,
  layOut,
  MiB,
  type Partition,
  type PartitionContent,
  type PartitionType,
  type TableKind,
  tableCode,
} from './disk.ts'
export type { Layer, Program } from './layer.ts'
export { formatProblem, type Problem, RecipeError } from './problem.ts'
export { type Architecture, type Board, loadRecipe, type Recipe } from './recipe.ts'
export { checkTable, type Misfit } from './table.ts'
export { substitute, type VariableDeclaration, type VariableValue } from './variables.ts'
