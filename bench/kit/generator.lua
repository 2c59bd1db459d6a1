-- Sends the requests of a file, each once, in their order: four-byte lengths (big-endian) and the bytes as they go out.
local requests, at, size

function init(args)
  local file = assert(io.open(args[1], "rb"))
  requests = file:read("*a")
  file:close()
  at, size = 1, #requests
end

function request()
  if at > size then
    -- All are sent. A request that is sent again would be a replay, which is cheaper: stop instead.
    wrk.thread:stop()
    at = 1
  end
  local a, b, c, d = requests:byte(at, at + 3)
  local length = ((a * 256 + b) * 256 + c) * 256 + d
  local from = at + 4
  at = from + length
  return requests:sub(from, at - 1)
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"max":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
