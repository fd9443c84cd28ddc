package archfixture.gateway.web;

/** Named by an executor. */
public class Web {
}
