module Words.Two (word) where

word :: String
word = "second"
