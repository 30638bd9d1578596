# Press Run, type a number in the console, and press Enter.
record Point, x : Int32, y : Int32

def spiral(size : Int32) : Hash(Point, Int32)
  places = {} of Point => Int32
  point, step = Point.new(0, 0), Point.new(1, 0)
  (1..size * size).each do |number|
    places[point] = number
    ahead = Point.new(point.x + step.x, point.y + step.y)
    inside = (0...size).includes?(ahead.x) && (0...size).includes?(ahead.y)
    step = Point.new(-step.y, step.x) if !inside || places.has_key?(ahead)
    point = Point.new(point.x + step.x, point.y + step.y)
  end
  places
end

print "Hello from Crystal! How wide shall the spiral be? "
answer = gets.try(&.strip.to_i?) || 6
size = (1..15).includes?(answer) ? answer : 6

places = spiral(size)
size.times do |y|
  puts (0...size).map { |x| places[Point.new(x, y)].to_s.rjust(4) }.join
end
