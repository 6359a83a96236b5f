/**
 * Whether a path matches a pattern: `*` is any text within a name, `**` any text, `?` one character of a name; a
 * pattern that ends in `/` is everything below that folder.
 */
export function matches(pattern: string, path: string): boolean {
  const full = pattern.endsWith("/") ? `${pattern}**` : pattern;
  const source = full.replace(/\*\*\/|\*\*|[*?]|[\\^$.|+()[\]{}]/g, (token) => {
    if (token === "**/") return "(?:.*/)?";
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    return `\\${token}`;
  });
  return new RegExp(`^${source}$`, "s").test(path);
}
