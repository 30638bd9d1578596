-- Press Run. Each query prints a table; the database is new in each run.
create table moons (name text primary key, planet text not null, km real, found integer);

insert into moons values
  ('Moon', 'Earth', 3475, null), ('Phobos', 'Mars', 22.5, 1877), ('Deimos', 'Mars', 12.4, 1877),
  ('Io', 'Jupiter', 3643, 1610), ('Europa', 'Jupiter', 3122, 1610), ('Ganymede', 'Jupiter', 5268, 1610),
  ('Callisto', 'Jupiter', 4821, 1610), ('Titan', 'Saturn', 5150, 1655), ('Triton', 'Neptune', 2707, 1846);

-- Which planet's moons are the largest together?
select planet, count(*) as moons, printf('%,d', sum(km)) as km, group_concat(name, ', ') as names
from moons group by planet order by sum(km) desc;

select rank() over (order by km desc) as place, name,
       replace(printf('%.*c', km / 200, 'x'), 'x', '▇') as size
from moons where km > 1000;
