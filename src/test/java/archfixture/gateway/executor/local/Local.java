package archfixture.gateway.executor.local;

/** Makes a cycle with callset. */
public class Local {
    archfixture.gateway.callset.NamesExecutor callset;
}
