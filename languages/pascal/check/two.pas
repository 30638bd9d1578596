unit Two;

interface

const
  Word2 = 'second';

implementation

end.
