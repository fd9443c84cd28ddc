package archfixture.gateway.callset;

/** Breaks: nobody outside names the lambda executor, and: only executors name what is far away. */
public class NamesFarAway {
    archfixture.gateway.executor.lambda.Function function;

    archfixture.gateway.executor.standalone.Pool pool;
    archfixture.gateway.executor.remote.Queue queue;
}
