-- The only script there is: writes all or nothing, if every compared key still has the bytes that were read.
-- For each key four arguments: two letters, the expected bytes, the new bytes, when it expires (ms since 1970; 0: never).
-- First letter: '=' the key has the expected bytes, '-' there is no such key, '*' whatever.
-- Second: 'k' keep, 's' set, 'd' delete, 'c' count one up (its expiry is the first one's).
-- Answers 1, or {seconds, microseconds, {what each key holds now}} when something is not as expected.
for i = 1, #KEYS do
    local letter = ARGV[4 * i - 3]:sub(1, 1)
    if letter ~= '*' and redis.call('GET', KEYS[i]) ~= (letter == '=' and ARGV[4 * i - 2]) then
        local now = redis.call('TIME')
        return { now[1], now[2], redis.call('MGET', unpack(KEYS)) }
    end
end
for i = 1, #KEYS do
    local letter, value, expires = ARGV[4 * i - 3]:sub(2), ARGV[4 * i - 1], ARGV[4 * i]
    if letter == 's' and expires == '0' then
        redis.call('SET', KEYS[i], value)
    elseif letter == 's' then
        redis.call('SET', KEYS[i], value, 'PXAT', expires)
    elseif letter == 'd' then
        redis.call('DEL', KEYS[i])
    elseif letter == 'c' and redis.call('INCR', KEYS[i]) == 1 then
        redis.call('PEXPIREAT', KEYS[i], expires)
    end
end
return 1
