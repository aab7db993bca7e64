-- wrk's script: every request is of another user.  Arguments: the API key, the method that the body names.
local threads = 0

function setup(thread)
    thread:set("id", threads)
    threads = threads + 1
end

function init(args)
    method = args[2]
    number = 0
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.headers["Authorization"] = "Bearer " .. args[1]
end

function request()
    number = number + 1
    local user = "w" .. id .. "-" .. number
    return wrk.format(nil, "/v1/password-resets", nil, string.format(
        '{"tenant":"acme","user":{"id":"%s","email":"%s@example.com","name":"Ann Lee","locale":"en"},' ..
        '"actor":{"role":"admin","id":"boss","tenant":"acme"},"method":"%s"}', user, user, method))
end

function done(summary, latency, requests)
    io.write(string.format("RESULT %d %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.errors.status,
        summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end
