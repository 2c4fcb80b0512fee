-- wrk: posts signed bodies, one after the other, each with an event id of its own.
-- The file named by BENCH_BODIES holds lines "signature<TAB>body".
local lines = {}
for line in io.lines(os.getenv("BENCH_BODIES")) do
  lines[#lines + 1] = line
end
local next_line = 0
-- Collecting garbage in the middle would be measured as our latency; a run is short enough to do without.
collectgarbage("stop")

request = function()
  next_line = next_line % #lines + 1
  local signature, body = lines[next_line]:match("^(%S+)\t(.*)$")
  return wrk.format("POST", "/webhook", {
    ["content-type"] = "application/json; charset=utf-8",
    ["x-line-signature"] = signature,
  }, body)
end

local refused = 0
response = function(status)
  if status ~= 200 then
    refused = refused + 1
    if refused == 1 then io.stderr:write("first refusal: " .. status .. "\n") end
  end
end

done = function(summary, latency)
  io.write(string.format(
    "figures %.1f %.3f %.3f %d %d\n",
    summary.requests / (summary.duration / 1e6),
    latency:percentile(50) / 1000,
    latency:percentile(99) / 1000,
    summary.errors.status + summary.errors.timeout + summary.errors.read + summary.errors.connect,
    summary.requests
  ))
end
