return { word = "second" }
