-- What wrk posts: BENCH_BATCH samples of the series in the file BENCH_SERIES (one a line, as JSON without value and time),
-- each sample with a time of its own from BENCH_START_MS on. At the end one line of JSON tells what came of it.
local batch = tonumber(os.getenv("BENCH_BATCH"))
local start = tonumber(os.getenv("BENCH_START_MS"))
local series = {}
for line in io.lines(os.getenv("BENCH_SERIES")) do
  series[#series + 1] = line .. ',"value":'
end
local n = 0

local function sample()
  local value = n
  n = n + 1
  return series[value % #series + 1] .. value .. ',"timestamp":' .. string.format("%d", start + math.floor(value / #series)) .. "}"
end

function init()
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["X-API-Key"] = os.getenv("BENCH_API_KEY")
end

function request()
  if batch == 1 then
    return wrk.format(nil, nil, nil, sample())
  end
  local samples = {}
  for at = 1, batch do
    samples[at] = sample()
  end
  return wrk.format(nil, nil, nil, "[" .. table.concat(samples, ",") .. "]")
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"answers":%d,"micros":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d,"max":%d}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max
  ))
end
