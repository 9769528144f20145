"""The input stage: learned operations between the features and the first layer."""
