// What Framework's standard library gives to modules; Framework resolves the specifier, TypeScript cannot.
declare module "observablehq:stdlib" {
  export interface AttachedFile {
    readonly name: string;
    readonly href: string;
    arrayBuffer(): Promise<ArrayBuffer>;
    json(): Promise<unknown>;
    text(): Promise<string>;
  }
  export function FileAttachment(path: string): AttachedFile;
}
