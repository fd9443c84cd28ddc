package archfixture.gateway.executor.standalone;

/** Is named from outside. */
public class Pool {
}
