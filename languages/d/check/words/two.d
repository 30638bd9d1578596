module words.two;

enum word = "second";
