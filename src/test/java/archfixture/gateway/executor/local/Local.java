package archfixture.gateway.executor.local;

/** Makes cycles, with callset and with executor. */
public class Local {
    archfixture.gateway.callset.NamesExecutor callset;
    archfixture.gateway.executor.NamesLocal executor;
}
