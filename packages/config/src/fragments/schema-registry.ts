import { flag, secret, text, url } from '../kinds.js';
import type { Values } from '../variable.js';

/** How to reach the schema registry. */
export interface SchemaRegistryConfig {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** Whether a first producer registers its schemas itself. */
  readonly autoRegister: boolean;
}

export const schemaRegistryVariables = {
  SCHEMA_REGISTRY_URL: url({
    example: 'http://127.0.0.1:8081/apis/ccompat/v7',
    about: "The schema registry's Confluent-compatible API.",
  }),
  SCHEMA_REGISTRY_USERNAME: text({
    requiredWhen: { variable: 'SCHEMA_REGISTRY_PASSWORD', is: 'given' },
    about: 'The user, where the registry asks for one.',
  }),
  SCHEMA_REGISTRY_PASSWORD: secret({
    requiredWhen: { variable: 'SCHEMA_REGISTRY_USERNAME', is: 'given' },
    about: 'The password, where the registry asks for one.',
  }),
  SCHEMA_AUTO_REGISTER: flag({
    default: true,
    about: 'Whether a producer registers its schemas; false where a deploy does it.',
  }),
};

export function schemaRegistryConfig(values: Values<typeof schemaRegistryVariables>): SchemaRegistryConfig {
  const { SCHEMA_REGISTRY_USERNAME: username, SCHEMA_REGISTRY_PASSWORD: password } = values;
  return {
    url: values.SCHEMA_REGISTRY_URL,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    autoRegister: values.SCHEMA_AUTO_REGISTER,
  };
}
