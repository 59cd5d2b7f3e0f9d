"""The endpoints of Smart+: campaigns, ad groups and ads, and the reports on their creatives."""
