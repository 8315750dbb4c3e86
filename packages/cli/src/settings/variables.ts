import { secret, text, url } from '@weir/config';

const about = {
  admin: 'Where admin-service is.',
  ingest: 'Where ingest-api is.',
  query: 'Where query-api is.',
  consumer: 'Where metrics-consumer is: its ledger and its breaker are part of `weir status`.',
  replayer: 'Where dlq-replayer is, for `weir status`.',
};

/** What `weir` reads from the environment beside `KAFKA_*` and `SCHEMA_REGISTRY_*`. */
export const variables = {
  WEIR_ADMIN_URL: url({ required: false, about: about.admin }),
  WEIR_INGEST_URL: url({ required: false, about: about.ingest }),
  WEIR_QUERY_URL: url({ required: false, about: about.query }),
  WEIR_CONSUMER_URL: url({ required: false, about: about.consumer }),
  WEIR_REPLAYER_URL: url({ required: false, about: about.replayer }),
  WEIR_OPERATOR_KEY: secret({ required: false, about: "An operator's key (`wo_…`), for what admin-service answers." }),
  WEIR_API_KEY: secret({ required: false, about: "A tenant's key (`wk_…`), for `send` and `query`." }),
  WEIR_HOME: text({ default: '.weir', about: 'Where the local stack keeps its `stack.json`.' }),
  NO_COLOR: text({ required: false, about: 'Given with any value: no colours.' }),
};
