package archfixture.gateway.executor.lambda;

/** Is named from outside. */
public class Function {
}
