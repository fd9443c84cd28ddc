package archfixture.gateway.executor;

/** Makes a cycle within a feature, with local. */
public class NamesLocal {
    archfixture.gateway.executor.local.Local local;
}
