-- Press Run, type a number in the console, and press Enter.
import System.IO
import Text.Read (readMaybe)

-- | Every prime number; only those that are needed are computed.
primes :: [Int]
primes = 2 : filter isPrime [3, 5 ..]
  where
    isPrime n = all (\p -> n `mod` p /= 0) (takeWhile (\p -> p * p <= n) primes)

factors :: Int -> [Int]
factors = go primes
  where
    go (p : rest) n
      | p * p > n = [n | n > 1]
      | n `mod` p == 0 = p : go (p : rest) (n `div` p)
      | otherwise = go rest n
    go [] _ = []

main :: IO ()
main = do
  hSetBuffering stdout NoBuffering
  putStr "Hello from Haskell! From which number on shall we look for factors? "
  atEnd <- isEOF
  answer <- if atEnd then pure "" else getLine
  let start = case readMaybe answer of
        Just n | n > 1 && n < 1000000 -> n
        _ -> 84
  mapM_ (\n -> putStrLn (show n ++ " = " ++ unwords (map show (factors n)))) [start .. start + 9]
