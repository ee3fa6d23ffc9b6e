"""The Observatory view: a page seen once, told in the tests, the score and the grade of MDN's HTTP Observatory."""
