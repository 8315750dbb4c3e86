// Redpanda Connect with no more than what the bench compares Weir with: HTTP in, Avro of a schema registry, Kafka, PostgreSQL out.
package main

import (
	"context"

	"github.com/redpanda-data/benthos/v4/public/service"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	_ "github.com/redpanda-data/connect/v4/public/components/confluent"
	_ "github.com/redpanda-data/connect/v4/public/components/kafka"
	_ "github.com/redpanda-data/connect/v4/public/components/sql/base"

	_ "github.com/lib/pq"
)

func main() {
	service.RunCLI(context.Background())
}
