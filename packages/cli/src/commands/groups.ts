import type { Command } from 'commander';

import type { GroupDetail } from '../api/answers.js';
import type { Context } from '../context.js';
import { type Cluster, withCluster } from '../kafka/cluster.js';
import { type Shell, subcommand } from '../shell.js';
import { groupSnapshots, withTimes } from '../status/look.js';
import { groupsTable } from '../status/render.js';
import { count, duration, NONE } from '../terminal/figures.js';
import { table } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Frame, watch } from '../terminal/watch.js';
import { everyMs, watchOption } from './status.js';
import { kafkaOption } from './topics.js';

interface GroupsOptions {
  readonly watch?: number | true;
  readonly kafka?: boolean;
  readonly partitions?: boolean;
}

export function addGroups(program: Command, shell: Shell): void {
  subcommand(program, 'groups', 'Consumer groups: who reads, the lag, and the time behind', [
    ['weir groups', 'every group, with its lag'],
    ['weir groups metrics-consumer', 'partition by partition'],
    ['weir groups metrics-consumer --watch', 'and again every two seconds'],
    ['weir groups --kafka', 'from the brokers themselves'],
  ])
    .argument('[group]', 'one group, partition by partition')
    .option('--partitions', 'every partition of every group')
    .addOption(watchOption())
    .addOption(kafkaOption())
    .action((groupId: string | undefined, options: GroupsOptions) =>
      shell.run((context) =>
        withCluster(context, options.kafka === true, async (cluster) => {
          const next = (): Promise<Frame> => frameOf(context, cluster, groupId, options.partitions === true);
          if (options.watch !== undefined) return watch(context, everyMs(options.watch), next);
          const { document, lines } = await next();
          if (context.json) context.terminal.printJson(document);
          else context.terminal.print(lines());
        }),
      ),
    );
}

async function frameOf(
  { terminal }: Context,
  cluster: Cluster,
  groupId: string | undefined,
  partitions: boolean,
): Promise<Frame> {
  if (groupId !== undefined) {
    const group = await cluster.group(groupId);
    return { document: group, lines: () => groupLines(group, terminal) };
  }
  const groups = await cluster.groups();
  if (!partitions) {
    const snapshots = await groupSnapshots(groups, (id) => cluster.group(id));
    // Those that are behind have their partitions; a list is not the place for them.
    const document = snapshots.map(({ groupId: id, state, members, lag, behindMs }) => ({
      groupId: id,
      state,
      members,
      lag,
      behindMs,
    }));
    return { document, lines: () => groupsTable(snapshots, { width: terminal.width, colors: terminal.colors }) };
  }
  const details: GroupDetail[] = [];
  for (const group of groups) details.push(await cluster.group(group.groupId));
  return { document: details, lines: () => details.flatMap((group) => [...groupLines(group, terminal), '']) };
}

function groupLines(group: GroupDetail, { width, colors }: Terminal): string[] {
  const { groupId, state, members, partitions } = group;
  const memberOf = new Map(members.map((member) => [member.memberId, member]));
  return [
    ...groupsTable([withTimes(group)], { width, colors }),
    '',
    ...table(
      [
        { title: 'TOPIC', importance: 8, least: 12 },
        { title: 'PARTITION', align: 'right', importance: 9 },
        { title: 'COMMITTED', align: 'right', importance: 4 },
        { title: 'END', align: 'right', importance: 5 },
        { title: 'LAG', align: 'right', importance: 9 },
        { title: 'BEHIND', align: 'right', importance: 8 },
        { title: 'MEMBER', importance: 2, least: 10 },
      ],
      partitions.map(({ topic, partition, committed, high, lag, behindMs, memberId }) => {
        const member = memberId === null ? undefined : memberOf.get(memberId);
        const paint = lag === 0 ? String : colors.yellow;
        return [
          topic,
          String(partition),
          committed === null ? NONE : count(committed),
          count(high),
          { text: count(lag), paint },
          lag === 0 || behindMs === null ? NONE : duration(behindMs),
          member === undefined
            ? { text: state === 'empty' ? 'nobody reads' : NONE, paint: colors.yellow }
            : `${member.clientId} ${member.host}`,
        ];
      }),
      { width, heading: colors.dim },
    ),
    ...(partitions.length === 0 ? [`${groupId} has committed nothing yet.`] : []),
  ];
}
