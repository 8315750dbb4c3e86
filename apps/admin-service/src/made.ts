/** A class that Nest's decorators know nothing of, made of these. */
export function made<Parts extends readonly object[], Made>(
  type: new (...parts: Parts) => Made,
  inject: { readonly [Part in keyof Parts]: abstract new (...args: never[]) => Parts[Part] },
) {
  return { provide: type, inject: [...inject], useFactory: (...parts: Parts) => new type(...parts) };
}
