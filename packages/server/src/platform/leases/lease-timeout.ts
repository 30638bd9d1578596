/** The name stayed with somebody else for as long as the caller wanted to wait. */
export class LeaseTimeout extends Error {
  override readonly name = "LeaseTimeout";
}
