package main

func word() string { return "second" }
