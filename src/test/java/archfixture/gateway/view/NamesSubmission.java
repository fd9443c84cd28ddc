package archfixture.gateway.view;

/** Breaks: views know no submission. */
public class NamesSubmission {
    archfixture.gateway.submission.Submission submission;
}
