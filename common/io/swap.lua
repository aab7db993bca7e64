-- The only script there is: writes all or nothing, if every compared key still has the bytes that were read.
-- The first argument has two letters for each key; what they ask for follows in the order of the keys: first all
-- expected bytes, then the new ones, each with its expiry (ms since 1970).
-- First letter: '=' the key has the expected bytes, '-' there is no such key, '<' a number below the expected one or
-- no such key, '*' whatever.
-- Second: 'k' keep, 's' set (bytes, expiry), 'e' set for ever (bytes), 'd' delete, 'c' count one up (expiry, of the
-- first one; what is no count is begun anew).
-- Answers 1, or {seconds, microseconds, {what each key holds now}} when something is not as expected.
local call, keys, args = redis.call, KEYS, ARGV
local letters, next = args[1], 2

-- What every mail asks for, in few steps, since Redis has but one processor: one record that is as it was (finish),
-- and records of which none is there (begin).  Where that does not hold, what follows finds out what does; so a key
-- that is no string is no error here.
if letters == '=s' and redis.pcall('GET', keys[1]) == args[2] then
    call('SET', keys[1], args[3], 'PXAT', args[4])
    return 1
end
local find = string.find
if not find(letters, '[^-*s]') and call('EXISTS', unpack(keys)) == 0 then
    for i = 1, #keys do
        call('SET', keys[i], args[2 * i], 'PXAT', args[2 * i + 1])
    end
    return 1
end

local letter, held = string.sub, call('MGET', unpack(keys))
local function count(value)
    return value and #value < 16 and find(value, '^[1-9]%d*$') and tonumber(value) or 0
end
for i = 1, #keys do
    local compare, expected = letter(letters, 2 * i - 1, 2 * i - 1), false
    if compare == '=' or compare == '<' then
        expected, next = args[next], next + 1
    end
    local full = compare == '<' and count(held[i]) >= tonumber(expected)
    if full or ((compare == '=' or compare == '-') and held[i] ~= expected) then
        local now = call('TIME')
        return { now[1], now[2], held }
    end
end
for i, key in ipairs(keys) do
    local action = letter(letters, 2 * i, 2 * i)
    if action == 's' then
        call('SET', key, args[next], 'PXAT', args[next + 1])
        next = next + 2
    elseif action == 'e' then
        call('SET', key, args[next])
        next = next + 1
    elseif action == 'd' then
        call('DEL', key)
    elseif action == 'c' then
        if count(held[i]) > 0 then
            call('INCR', key)
        elseif args[next] == '0' then
            call('SET', key, '1')
        else
            call('SET', key, '1', 'PXAT', args[next])
        end
        next = next + 1
    end
end
return 1
