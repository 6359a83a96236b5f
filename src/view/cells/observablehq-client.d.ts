// What Framework's page client exports once scripts/framework-client.ts has widened it.
declare module "observablehq:client" {
  /** A cell as Framework's build writes it into the page. */
  export interface Definition {
    id: string;
    /** Absent for a block; "inline" for `${...}` in prose. */
    mode?: "inline" | "jsx";
    /** Names of the body's arguments, in order. */
    inputs?: string[];
    /** Names of the properties of the object that the body returns. */
    outputs?: string[];
    body: (...inputs: never[]) => unknown;
  }

  /** Each cell as the page defined it, by id. */
  export const definitions: Map<string, Definition>;
  export function define(cell: Definition): void;
  /** Framework's own define: leaves `definitions` as they are. */
  export function redefine(cell: Definition): void;
  export function undefine(id: string): void;
  /** The comment nodes that cells display before, by cell id. */
  export function findRoots(root: Node): Map<string, Comment>;
  export const main: unknown;
}
