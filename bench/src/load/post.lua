-- What wrk posts: BENCH_BATCH samples of the series in the file BENCH_SERIES (one a line, as JSON without value and time),
-- each sample with a time of its own from BENCH_START_MS on. The keys in the file BENCH_API_KEYS (one a line) take turns, from
-- the request of number BENCH_FIRST_REQUEST on; each sends the same samples. Where there is a file BENCH_GZIPPED, its bodies are
-- posted in turn instead, each behind a line with its length. At the end one line of JSON tells what came of it.
local function linesOf(file)
  local lines = {}
  for line in io.lines(file) do
    lines[#lines + 1] = line
  end
  return lines
end

local function bodiesIn(path)
  local file = assert(io.open(path, "rb"))
  local bodies = {}
  for length in function() return file:read("*l") end do
    bodies[#bodies + 1] = file:read(tonumber(length))
  end
  file:close()
  return bodies
end

local batch = tonumber(os.getenv("BENCH_BATCH"))
local start = tonumber(os.getenv("BENCH_START_MS"))
local requests = tonumber(os.getenv("BENCH_FIRST_REQUEST"))
local keys = linesOf(os.getenv("BENCH_API_KEYS"))
local series = linesOf(os.getenv("BENCH_SERIES"))
local gzipped = os.getenv("BENCH_GZIPPED")
local bodies = gzipped and bodiesIn(gzipped)

local function sample(n)
  return series[n % #series + 1] .. ',"value":' .. n .. ',"timestamp":' .. string.format("%d", start + math.floor(n / #series)) .. "}"
end

function init()
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  if bodies then
    wrk.headers["Content-Encoding"] = "gzip"
  end
end

function request()
  local first = math.floor(requests / #keys) * batch
  wrk.headers["X-API-Key"] = keys[requests % #keys + 1]
  requests = requests + 1
  if bodies then
    return wrk.format(nil, nil, nil, bodies[requests % #bodies + 1])
  end
  if batch == 1 then
    return wrk.format(nil, nil, nil, sample(first))
  end
  local samples = {}
  for at = 1, batch do
    samples[at] = sample(first + at - 1)
  end
  return wrk.format(nil, nil, nil, "[" .. table.concat(samples, ",") .. "]")
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"answers":%d,"micros":%d,"refused":%d,"broken":%d,"p50":%d,"p95":%d,"p99":%d}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)
  ))
end
