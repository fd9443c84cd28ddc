package archfixture.gateway.executor.remote;

/** Is named from outside. */
public class Queue {
}
