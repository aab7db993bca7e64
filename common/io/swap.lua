-- The only script there is: writes all or nothing, if every compared key still has the bytes that were read.
-- The first argument has two letters for each key; what they ask for follows in the order of the keys: first all
-- expected bytes, then the new ones, each with its expiry (ms since 1970; 0: never).
-- First letter: '=' the key has the expected bytes, '-' there is no such key, '<' a number below the expected one or
-- no such key, '*' whatever.
-- Second: 'k' keep, 's' set (bytes, expiry), 'd' delete, 'c' count one up (expiry, of the first one).
-- Answers 1, or {seconds, microseconds, {what each key holds now}} when something is not as expected.
local call, letter, letters, next = redis.call, string.sub, ARGV[1], 2
local held = call('MGET', unpack(KEYS))
for i = 1, #KEYS do
    local compare, expected = letter(letters, 2 * i - 1, 2 * i - 1), false
    if compare == '=' or compare == '<' then
        expected, next = ARGV[next], next + 1
    end
    local full = compare == '<' and (tonumber(held[i]) or 0) >= tonumber(expected)
    if full or ((compare == '=' or compare == '-') and held[i] ~= expected) then
        local now = call('TIME')
        return { now[1], now[2], held }
    end
end
for i, key in ipairs(KEYS) do
    local action = letter(letters, 2 * i, 2 * i)
    if action == 's' then
        local value, expires = ARGV[next], ARGV[next + 1]
        next = next + 2
        if expires == '0' then
            call('SET', key, value)
        else
            call('SET', key, value, 'PXAT', expires)
        end
    elseif action == 'd' then
        call('DEL', key)
    elseif action == 'c' then
        if call('INCR', key) == 1 and ARGV[next] ~= '0' then
            call('PEXPIREAT', key, ARGV[next])
        end
        next = next + 1
    end
end
return 1
