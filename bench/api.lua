-- For wrk: requests the paths of a file, over and over, each thread from another place on, with the
-- token of the environment; tells at the end what was measured, as JSON.

local paths = {}
local at = 0
local started = 0

function setup(thread)
    thread:set("start", started)
    started = started + 1
end

function init(arguments)
    for line in io.lines(os.getenv("BENCH_PATHS")) do
        paths[#paths + 1] = line
    end
    at = start * 7919 % #paths
    wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")
end

function request()
    at = at % #paths + 1
    return wrk.format("GET", paths[at])
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "bytes": %d, "failed": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3, summary.bytes,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
