class Two {
    static final String WORD = "second"
}
