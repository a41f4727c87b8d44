import './shapes.constraints.js';
import './shapes.constructed.js';
import './shapes.nested.js';
import './shapes.plain.js';
import './shapes.transformed.js';
import './shapes.validated.js';

export { CONSTRAINTS, OTHER_EXPORTS } from './constraint-table.js';
export { nameable, outer, shapes, type Shape, type Step } from './shape.js';
