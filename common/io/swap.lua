-- The only script there is: writes all or nothing, if every compared key still has the bytes that were read.
-- For each key four arguments: two letters, the expected bytes, the new bytes, when it expires (ms since 1970; 0: never).
-- First letter: '=' the key has the expected bytes, '-' there is no such key, '*' whatever.
-- Second: 'k' keep, 's' set, 'd' delete, 'c' count one up (its expiry is the first one's).
-- Answers 1, or {seconds, microseconds, {what each key holds now}} when something is not as expected.
local call, held = redis.call, redis.call('MGET', unpack(KEYS))
for i = 1, #KEYS do
    local compare = ARGV[4 * i - 3]:sub(1, 1)
    if compare == '=' and held[i] ~= ARGV[4 * i - 2] or compare == '-' and held[i] then
        local now = call('TIME')
        return { now[1], now[2], held }
    end
end
for i = 1, #KEYS do
    local action, value, expires = ARGV[4 * i - 3]:sub(2), ARGV[4 * i - 1], ARGV[4 * i]
    if action == 's' and expires == '0' then
        call('SET', KEYS[i], value)
    elseif action == 's' then
        call('SET', KEYS[i], value, 'PXAT', expires)
    elseif action == 'd' then
        call('DEL', KEYS[i])
    elseif action == 'c' and call('INCR', KEYS[i]) == 1 and expires ~= '0' then
        call('PEXPIREAT', KEYS[i], expires)
    end
end
return 1
