#!/bin/sh
# Run once, by the image of the database, when its volume is empty: the roles and databases of Weir and of the schema registry.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=writer="$WEIR_WRITER_PASSWORD" --set=reader="$WEIR_READER_PASSWORD" --set=registry="$REGISTRY_PASSWORD" <<'SQL'
CREATE ROLE weir_writer LOGIN PASSWORD :'writer';
CREATE ROLE weir_reader LOGIN PASSWORD :'reader';
ALTER ROLE weir_reader SET default_transaction_read_only = on;
CREATE DATABASE weir OWNER weir_writer;
CREATE ROLE registry LOGIN PASSWORD :'registry';
CREATE DATABASE registry OWNER registry;
\connect weir
CREATE EXTENSION IF NOT EXISTS timescaledb;
SQL
