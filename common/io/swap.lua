-- The only script there is: writes all or nothing, if every compared key still has the bytes that were read.
-- The first argument has two letters for each key; what they ask for follows in the order of the keys: first all
-- expected bytes, then the new ones, each with its expiry (ms since 1970; 0: never).
-- First letter: '=' the key has the expected bytes, '-' there is no such key, '<' a number below the expected one or
-- no such key, '*' whatever.
-- Second: 'k' keep, 's' set (bytes, expiry), 'd' delete, 'c' count one up (expiry, of the first one; what is no
-- count is begun anew).
-- Answers 1, or {seconds, microseconds, {what each key holds now}} when something is not as expected.
local call, letter, letters, next = redis.call, string.sub, ARGV[1], 2
local held = call('MGET', unpack(KEYS))
local function count(value)
    return value and #value < 16 and string.find(value, '^[1-9]%d*$') and tonumber(value) or 0
end
for i = 1, #KEYS do
    local compare, expected = letter(letters, 2 * i - 1, 2 * i - 1), false
    if compare == '=' or compare == '<' then
        expected, next = ARGV[next], next + 1
    end
    local full = compare == '<' and count(held[i]) >= tonumber(expected)
    if full or ((compare == '=' or compare == '-') and held[i] ~= expected) then
        local now = call('TIME')
        return { now[1], now[2], held }
    end
end
for i, key in ipairs(KEYS) do
    local action = letter(letters, 2 * i, 2 * i)
    local value, expires
    if action == 's' then
        value, expires, next = ARGV[next], ARGV[next + 1], next + 2
    elseif action == 'd' then
        call('DEL', key)
    elseif action == 'c' then
        if count(held[i]) > 0 then
            call('INCR', key)
        else
            value, expires = '1', ARGV[next]
        end
        next = next + 1
    end
    if value and expires == '0' then
        call('SET', key, value)
    elseif value then
        call('SET', key, value, 'PXAT', expires)
    end
end
return 1
