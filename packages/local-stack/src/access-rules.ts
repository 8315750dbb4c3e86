import kafkajs, { type AclEntry, type Admin } from 'kafkajs';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } = kafkajs;

/** Rights of one user on one resource, or on all whose name starts so. */
export interface AccessRule {
  readonly resource: keyof typeof RESOURCES;
  readonly name: string;
  readonly pattern: 'literal' | 'prefixed';
  readonly operations: readonly AccessOperation[];
}

export type AccessOperation = 'read' | 'write' | 'create' | 'describe' | 'describe-configs';

const RESOURCES = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  'transactional-id': AclResourceTypes.TRANSACTIONAL_ID,
} as const;

const OPERATIONS = {
  read: AclOperationTypes.READ,
  write: AclOperationTypes.WRITE,
  create: AclOperationTypes.CREATE,
  describe: AclOperationTypes.DESCRIBE,
  'describe-configs': AclOperationTypes.DESCRIBE_CONFIGS,
} as const;

/** Lets a user do something (ACLs), by way of a listener whose users may do everything. Rules that are there already stay. */
export function allow(bootstrapServers: string, user: string, rules: readonly AccessRule[]): Promise<void> {
  return withAdmin(bootstrapServers, async (admin) => {
    await admin.createAcls({ acl: entries(user, rules) });
  });
}

/** Takes rights back that `allow` gave. */
export function disallow(bootstrapServers: string, user: string, rules: readonly AccessRule[]): Promise<void> {
  return withAdmin(bootstrapServers, async (admin) => {
    await admin.deleteAcls({ filters: entries(user, rules) });
  });
}

function entries(user: string, rules: readonly AccessRule[]): AclEntry[] {
  return rules.flatMap(({ resource, name, pattern, operations }) =>
    operations.map((operation) => ({
      principal: `User:${user}`,
      host: '*',
      operation: OPERATIONS[operation],
      permissionType: AclPermissionTypes.ALLOW,
      resourceType: RESOURCES[resource],
      resourceName: name,
      resourcePatternType: pattern === 'literal' ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED,
    })),
  );
}

async function withAdmin(bootstrapServers: string, work: (admin: Admin) => Promise<void>): Promise<void> {
  const brokers = bootstrapServers.split(',');
  const admin = new Kafka({ clientId: 'weir-local-stack', brokers, logLevel: logLevel.NOTHING }).admin();
  try {
    await admin.connect();
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}
