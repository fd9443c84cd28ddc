package archfixture.gateway.record;

/** Breaks: records know no callset. */
public class NamesView {
    archfixture.gateway.view.NamesSubmission view;
}
