package archfixture.gateway.callset;

/** Breaks: callsets know no executor. */
public class NamesExecutor {
    archfixture.gateway.executor.local.Local local;
}
