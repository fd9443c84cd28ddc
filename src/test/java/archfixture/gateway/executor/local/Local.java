package archfixture.gateway.executor.local;

/** Makes cycles, with callset and with executor. Breaks: executors speak no HTTP. */
public class Local {
    archfixture.gateway.callset.NamesExecutor callset;
    archfixture.gateway.executor.NamesLocal executor;
    archfixture.gateway.web.Web web;
}
