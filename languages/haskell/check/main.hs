import Data.List (intercalate)
import System.Environment (getArgs)
import System.Exit
import Words.Two (word)

main :: IO ()
main = do
  args <- getArgs
  putStrLn ("args: " ++ intercalate "|" args)
  line <- getLine
  putStrLn ("stdin: " ++ line)
  putStrLn ("file: " ++ word)
  exitWith (ExitFailure 3)
