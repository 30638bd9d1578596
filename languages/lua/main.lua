-- Press Run, type a number in the console, and press Enter.
io.write("Hello from Lua! How many queens shall stand on the board? ")
local size = tonumber(io.read() or "") or 6
if size < 4 or size > 10 or size % 1 ~= 0 then size = 6 end

local function isFree(queens, row, column)
  for above = 1, row - 1 do
    local other = queens[above]
    if other == column or math.abs(other - column) == row - above then return false end
  end
  return true
end

local function place(queens, row)
  if row > size then coroutine.yield(queens) return end
  for column = 1, size do
    if isFree(queens, row, column) then
      queens[row] = column
      place(queens, row + 1)
    end
  end
end

local queens = coroutine.wrap(function() place({}, 1) end)()
for _, column in ipairs(queens) do
  print(("· "):rep(column - 1) .. "♛ " .. ("· "):rep(size - column))
end
