/** The command of `measurand` with these arguments and options, as a POSIX shell reads it. */
export function commandLine(words: readonly string[], options: readonly (readonly [string, string])[]): string {
  // A value that begins with a dash would be taken for an option.
  const given = options.flatMap(([name, value]) =>
    value.startsWith("-") ? [quoted(`--${name}=${value}`)] : [`--${name}`, quoted(value)]);
  return ["npx measurand", ...words.map(quoted), ...given].join(" ");
}

function quoted(text: string): string {
  return /^[\w.,/:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
