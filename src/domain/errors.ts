/** What a fault says: where it lies, what stands there and what was expected. */
export interface Fault {
  /** Stable kebab-case code that callers may branch on, e.g. "ragged-row". */
  code: string;
  /** Name of the file or input the value came from. */
  file?: string;
  /** The field, row, column or argument at fault. */
  field: string;
  /** The value found there, as it was found. */
  value: unknown;
  /** What would have been right. */
  expected: string;
}

/** Bad input: the message names file, field, value and expectation; the fields stay readable by machines. */
export class InputError extends Error implements Fault {
  override readonly name = "InputError";
  readonly code: string;
  readonly file?: string;
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;

  constructor({code, file, field, value, expected}: Fault) {
    super(`${file === undefined ? "" : `${file}: `}${field} is ${quote(value)}; expected ${expected}`);
    this.code = code;
    this.file = file;
    this.field = field;
    this.value = value;
    this.expected = expected;
  }

  /** The same fault, said of a file: for readers whose parser does not know the file's name. */
  in(file: string): InputError {
    return new InputError({code: this.code, file, field: this.field, value: this.value, expected: this.expected});
  }
}

function quote(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const items = Array.from(value as ArrayLike<unknown>).slice(0, 8).map(String).join(", ");
    return `[${items}${(value as ArrayLike<unknown>).length > 8 ? ", ..." : ""}]`;
  }
  return String(value);
}
