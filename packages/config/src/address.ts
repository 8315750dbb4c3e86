/**
 * An address as messages may show it: without the user and the password that may stand before its host (RFC 3986, section 3.2.1).
 *
 * Of a text that is no address all before its last `@` goes, but for a scheme: what was mistyped may hold a password too. Never throws.
 */
export function shownAddress(given: string): string {
  const address = URL.canParse(given) ? new URL(given) : null;
  if (address === null || address.host === '') return given.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, '$1');
  if (address.username === '' && address.password === '') return given;
  address.username = '';
  address.password = '';
  return address.href;
}
